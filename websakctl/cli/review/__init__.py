"""Commands about who can see what, what the law says, and what an inspection asks for."""
