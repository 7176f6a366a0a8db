// Where a device's resources are: in the clear for DeviceCapability, over TLS for everything.
export const HTTP_PORT: u32 = 80;
export const HTTPS_PORT: u32 = 443;
