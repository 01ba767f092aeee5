"""What only a person can solve: alarms for operators, and who they are."""
