# The portal's texts. Plain and short.
-network = City Wi-Fi
lang-other = Русский
lang-other-code = ru
skip = Skip to content
brand = { -network }
footer-about = About the network
title = { -network }, { $city }

login-page = Sign in
login-head = Free Wi-Fi
login-lead = { $city } is online. Confirm your phone number to use the Internet.
phone-label = Mobile phone number
phone-hint = For example +7 916 123-45-67. We send you a code by text message, free of charge.
phone-submit = Get a code
use-voucher = Use a voucher
use-sms = Use a text message
or = or
have-code = A code is on its way
enter-code = Enter the code

code-page = Code
code-head = Enter the code
code-lead = We have sent a six-digit code to the number you gave.
code-label = Code, 6 digits
code-valid = The code is good for { $minutes ->
    [one] { $minutes } more minute
   *[other] { $minutes } more minutes
 }. You may close this page and come back.
code-submit = Sign in
code-again = Send the code again
code-again-wait = You can ask for a new code in { $seconds } s.
code-change = Use another number

voucher-page = Voucher
voucher-head = Enter your voucher code
voucher-lead = The code is printed on the voucher. Capitals do not matter, and hyphens may be left out.
voucher-label = Voucher code
voucher-submit = Sign in

welcome-page = You are online
welcome-head = You are online
welcome-lead = You can close this page and use the network. Your connection lasts another { $duration }.
welcome-lead-short = You can close this page and use the network.
welcome-status = My connection

status-page = My connection
status-head = You are connected
status-time = Time left
status-data = Data left
status-used = Used
status-unlimited = no limit
status-extend = Extend
status-extended = Done, your connection is extended.
status-refresh = Refresh
status-logout = Disconnect
status-logout-hint = This device goes offline and has to sign in again to come back.
bye-page = Signed out
bye-head = You are signed out
bye-lead = The connection has ended and this device is no longer remembered.
bye-again = Sign in again

about-page = About the network
about-head = How to use the city Wi-Fi
about-login = Join the city network, open any page, and confirm your phone number or enter a voucher code. Signing in once is enough for the whole city.
about-safe = The network is open: look for HTTPS on the sites you use, and give your code to nobody.
about-data = The law has us keep your phone number and the times you were connected. The number is stored encrypted; what you do online is not recorded.
about-help = If you cannot sign in, turn Wi-Fi on your device off and on again.
about-phone = Help desk:
to-login = Go to sign-in

error-head = That did not work
error-support = If you ask the help desk, give them this code:
error-retry = Try again
error-outside-head = You are not on the city network
error-outside = Join the city Wi-Fi and open this page again. If you are on it already, turn Wi-Fi off and on.
error-form = This page is out of date. Please start again.
error-notfound-head = Page not found
error-notfound = There is no such page here.
error-internal = This is our fault. Please try again in a minute.

fault = Error:
fault-phone-invalid = Please check the number: it does not look like a mobile number.
fault-phone-country = We do not send codes to numbers of this country. Please use a voucher from a public service centre.
fault-cooldown = A code has been sent. You can ask for a new one in { $seconds } s.
fault-limited = Too many codes asked for. Try again later, or use a voucher.
fault-send = Text messages are not going out right now. Try again in a minute, or use a voucher.
fault-code-format = The code is the 6 digits from the text message.
fault-code-wrong = That is not the code. { $left ->
    [one] { $left } try left.
   *[other] { $left } tries left.
 }
fault-code-spent = This code is no longer good. Please ask for a new one.
fault-tries = Too many wrong codes from this device. Try again in an hour.
fault-voucher = The code is wrong or no longer good.
fault-voucher-tries = Too many tries from this device. Try again in an hour.
fault-denied = Signing in with this is not possible. Please ask the help desk.
fault-extend = The connection cannot be extended now. Sign in again when the time is up.

duration = { $hours ->
    [0] { $minutes } min
   *[other] { $minutes ->
        [0] { $hours } h
       *[other] { $hours } h { $minutes } min
    }
 }
under-a-minute = less than a minute
megabytes = { $amount } MB
gigabytes = { $amount } GB

sms-text = Your Wi-Fi code: { $code }. Give it to nobody.
