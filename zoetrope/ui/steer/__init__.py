"""What the steering pages (Morph, Algebra, Dimensions) are put together from.

`space` opens data and codecs, `panels` and `slider_positions` feed the stage; a module each for
what stands around it: `key_items`, `support_curve`, `path_steps`, `animation_export` (Morph),
`sum_editor`, `sum_stage`, `terms`, `term_editor`, `direction_panel` (Algebra), `start_code`,
`dimension_sliders` (Dimensions), `item_picker`, `neighbour_row`, `notices` (all).
"""
