select "é"
