"""What must hold whatever happens: crashes, full disks, two at once, a server that struggles."""
