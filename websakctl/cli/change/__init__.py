"""Commands that compare with Websak, change it, and look back."""
