"""What a guest asks by DHCP or router solicitation, answered on its node; a later issue fills it."""
