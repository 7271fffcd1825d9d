"""What the Train page is put together from: `settings_form` and `run_panel`."""
