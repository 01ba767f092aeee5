"""What only a person can solve: raised, told to operators, solved."""
