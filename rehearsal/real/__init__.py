"""Foreign servers on this machine (a PDS of Bluesky, ``mastodon_mock``), each behind a relay that cuts lines."""
