"""`polcheck lsp`: findings, fixes and help for authors of packs in editors, by the Language Server Protocol 3.17."""
