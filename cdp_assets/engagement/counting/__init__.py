"""How mail and meetings are counted. Days are read anew when a file of this folder changes; so nothing else stands here."""
