"""Commands that change what a running sandbox does: its faults and its clock, over the REST API."""
