"""Values on a device, copied to the host while the training goes on."""
