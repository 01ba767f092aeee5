"""The doors that Africa's Talking knocks on."""
