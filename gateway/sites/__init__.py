"""The hospitals' boxes: who they are, how one is enrolled, what is sent to them, what they say."""
