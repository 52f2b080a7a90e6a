"""The review service. Empty until the review console lands; the name is held by this distribution."""
