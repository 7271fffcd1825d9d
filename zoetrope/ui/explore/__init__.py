"""What the Explore page is put together from, a file a concept.

The page uses `choose_map` (the row of controls), `first_map`, `second_map` with `choose_epochs`,
`colour_points`, `map_trust`, `neighbour_changes`, `group_bar` and `show_while_made`. Between them
go `MapChoice` (what the controls say), `FirstMap` and `SecondMap`.
"""
