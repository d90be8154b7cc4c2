"""What HubSpot says, in its own words; never what we want of it."""
