"""Which hospital is right for a patient at a real place, told by people who treat patients."""
