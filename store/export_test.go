package store

// Named makes a disk stage files under temporary names, as it does where files cannot be without one.
func (d *Disk) Named() *Disk {
	d.unnamed = false
	return d
}
