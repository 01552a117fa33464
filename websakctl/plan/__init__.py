"""Deciding: what differs, in which order it is mended, and whether somebody must insist. Pure; nothing here can write."""
