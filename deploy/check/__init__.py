"""What has to hold of the emitted documents before anybody deploys them."""
