"""How access points talk to the controller: one folder per protocol, one repository for all."""
