"""What a reader of the lessons turns: one file an explorer, named by what it explores."""
