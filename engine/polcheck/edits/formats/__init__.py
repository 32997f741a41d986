"""What edits the files of each configuration format: one module for each family of formats that are laid out alike."""
