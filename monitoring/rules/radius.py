"""Rules about RADIUS: whether it answers, keeps accounting, and reaches other operators; what expires.

What to do when one fires stands in docs/operating.md, by the alert's name.
"""

from typing import Final

from monitoring.rules.types import Alert, Group, Recording

__all__ = ["RADIUS_ALERTS", "RADIUS_RECORDINGS"]

RADIUS_RECORDINGS: Final = Group(
    "radius-recordings",
    (
        Recording(
            "service:kolco_radius_reply_seconds:p99_rate5m",
            "histogram_quantile(0.99, sum by (le, kind) (rate(kolco_radius_reply_seconds_bucket[5m])))",
        ),
        Recording(
            "service:kolco_radius_reply_seconds:rate5m",
            "sum by (kind) (rate(kolco_radius_reply_seconds_count[5m]))",
        ),
    ),
)

RADIUS_ALERTS: Final = Group(
    "radius-alerts",
    (
        Alert(
            alert="EapCertificateExpires",
            expr="kolco_radius_eap_certificate_expiry_timestamp_seconds - time() < 21 * 86400",
            hold="1h",
            severity="ticket",
            summary="The certificate that devices see in EAP expires in {{ $value | humanizeDuration }}",
            description="Devices refuse it from then on. A restart of RADIUS renews kolco's own.",
            command="kolco doctor",
        ),
        Alert(
            alert="RadiusSlow",
            expr="service:kolco_radius_reply_seconds:p99_rate5m > 0.3"
            " and on (kind) service:kolco_radius_reply_seconds:rate5m > 0.1",
            hold="10m",
            severity="page",
            summary="RADIUS {{ $labels.kind }} answers take {{ $value | humanizeDuration }}",
            description="One answer in a hundred is later than 0.3 s: access points give up and ask again.",
            command="kolco doctor",
        ),
        Alert(
            alert="RadiusIndexBehind",
            expr="kolco_radius_index_age_seconds > 300",
            hold="2m",
            severity="ticket",
            summary="RADIUS has not heard of changes for {{ $value | humanizeDuration }}",
            description="Who may log in is as it was then: the database or the bus is away. Logins go on.",
            command="kolco doctor",
        ),
        Alert(
            alert="RadiusIndexIncomplete",
            expr="kolco_radius_index_complete == 0",
            hold="15m",
            severity="ticket",
            summary="RADIUS asks the database at logins",
            description="Its account index is not complete: it is made anew, or cannot be; the log says why.",
            command="kolco doctor",
        ),
        Alert(
            alert="RadiusWithoutDatabase",
            expr="max by (instance, table) (kolco_radius_table_from_disk) == 1",
            hold="5m",
            severity="ticket",
            summary="RADIUS on {{ $labels.instance }} has {{ $labels.table }} from its disk",
            description="The database was away when it started; what was changed since is not known there.",
            command="kolco doctor",
        ),
        Alert(
            alert="RadiusWorkerDies",
            expr="increase(kolco_radius_worker_deaths_total[15m]) > 2",
            hold="0s",
            severity="ticket",
            summary="RADIUS worker {{ $labels.worker }} dies again and again",
            description="It is started again each time, and the others answer meanwhile; its log says why.",
            command="kolco radius watch",
        ),
        Alert(
            alert="RadiusDatagramsLost",
            expr="sum by (port) (increase(kolco_radius_kernel_drops[10m])) > 0",
            hold="5m",
            severity="ticket",
            summary="The kernel throws RADIUS {{ $labels.port }} datagrams away",
            description="{{ $value | humanize }} in ten minutes: there is more to answer than is answered.",
            command="kolco radius watch",
        ),
        Alert(
            alert="RadiusAccountingNotStored",
            expr="sum by (reason) (rate(kolco_radius_journal_not_stored_total[5m])) > 0",
            hold="1m",
            severity="page",
            summary="RADIUS cannot keep accounting: {{ $labels.reason }}",
            description="Nothing is acknowledged; access points keep it for some minutes, then it is lost.",
            command="kolco doctor",
        ),
        Alert(
            alert="RadiusAccountingBehind",
            expr="kolco_radius_journal_backlog_age_seconds > 300",
            hold="5m",
            severity="ticket",
            summary="Accounting reaches the database {{ $value | humanizeDuration }} late",
            description="It is safe on disk, but sessions and quotas lag: the database is slow or away.",
            command="kolco doctor",
        ),
        Alert(
            alert="RadiusRecordsSetAside",
            expr="sum by (kind) (increase(kolco_radius_journal_set_aside_total[1h])) > 0",
            hold="0s",
            severity="ticket",
            summary="RADIUS records of kind {{ $labels.kind }} could not be applied",
            description="{{ $value | humanize }} in an hour; the table radius_set_aside has them and why.",
            command="kolco doctor",
        ),
        Alert(
            alert="RadiusJournalFills",
            expr="kolco_radius_journal_backlog_bytes / kolco_radius_journal_limit_bytes > 0.5",
            hold="5m",
            severity="page",
            summary="The journal of accounting is {{ $value | humanizePercentage }} full",
            description="When it is full nothing is acknowledged: bring the database back, or raise it.",
            command="kolco doctor",
        ),
        Alert(
            alert="RadiusNasTurnedAway",
            expr='sum by (nas, reason) (increase(kolco_radius_dropped_total{nas!="", '
            'reason=~"no-message-authenticator|bad-message-authenticator|bad-authenticator"}[10m])) > 0',
            hold="10m",
            severity="ticket",
            summary="NAS {{ $labels.nas }} gets no answers: {{ $labels.reason }}",
            description="bad-…: its shared secret is another. no-…: it does not sign and is not excused.",
            command="kolco radius nas list",
        ),
        Alert(
            alert="RadiusSheds",
            expr="sum by (reason) (increase(kolco_radius_dropped_total{"
            'reason=~"queue-full|waited-too-long|eap-overload|mpsk-overload|nas-rate"}[5m])) > 0',
            hold="5m",
            severity="ticket",
            summary="RADIUS leaves requests unanswered: {{ $labels.reason }}",
            description="{{ $value | humanize }} in five minutes: more is asked than can be answered.",
            command="kolco radius watch",
        ),
        Alert(
            alert="RadiusEndingsFail",
            expr='sum by (nas) (increase(kolco_radius_session_endings_total{ending="failed"}[1h])) > 0',
            hold="0s",
            severity="ticket",
            summary="NAS {{ $labels.nas }} does not end sessions",
            description="{{ $value | humanize }} in an hour stayed online after logout, time or block.",
            command="kolco radius nas list",
        ),
        Alert(
            alert="RadiusHomeDown",
            expr="kolco_radius_home_up == 0",
            hold="2m",
            severity="ticket",
            summary="Home server {{ $labels.home }} does not answer",
            description="Nobody reaches it for {{ $labels.kind }}; the realm's next server is asked, if any.",
            command="kolco radius home list",
        ),
        Alert(
            alert="RadiusVisitorsRefused",
            expr='sum(rate(kolco_radius_refusals_total{reason="home-unreachable"}[5m])) > 0',
            hold="5m",
            severity="page",
            summary="Users of other operators are turned away",
            description="No home server of their realm answers.",
            command="kolco radius home list",
        ),
        Alert(
            alert="RadiusForwardedAccountingLost",
            expr="sum by (outcome) (increase(kolco_radius_proxied_accounting_total{"
            'outcome=~"expired|overflow|abandoned"}[1h])) > 0',
            hold="0s",
            severity="ticket",
            summary="Accounting for other operators was given up: {{ $labels.outcome }}",
            description="{{ $value | humanize }} records in an hour did not reach their home server.",
            command="kolco radius home list",
        ),
        Alert(
            alert="RadsecCertificateExpires",
            expr="kolco_radius_radsec_certificate_expiry_timestamp_seconds - time() < 21 * 86400",
            hold="1h",
            severity="ticket",
            summary="Our RadSec certificate expires in {{ $value | humanizeDuration }}",
            description="Nobody connects from then on. A restart of RADIUS renews kolco's own.",
            command="kolco doctor",
        ),
        Alert(
            alert="RadsecRevocationListExpires",
            expr="kolco_radius_radsec_crl_next_update_timestamp_seconds - time() < 6 * 3600"
            " and kolco_radius_radsec_crl_next_update_timestamp_seconds > 0",
            hold="30m",
            severity="ticket",
            summary="A RadSec revocation list is out of date in {{ $value | humanizeDuration }}",
            description="It stays in force as last read: who is revoked later is let in.",
            command="kolco doctor",
        ),
        Alert(
            alert="RadsecFilesUnreadable",
            expr="kolco_radius_radsec_files_readable == 0",
            hold="5m",
            severity="ticket",
            summary="RadSec's certificates, authorities or revocation lists cannot be read",
            description="What was read before stays in force; the log of RADIUS names the file.",
            command="kolco doctor",
        ),
    ),
)
