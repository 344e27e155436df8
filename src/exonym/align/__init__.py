"""Word alignment: aligners that learn from the text they align, symmetrisation, and the lexicon they yield."""
