"""What legal bases rest on, judged on a day."""
