"""Many hurt at once: noticed or declared, told to operators, and known to matching."""
