/**
 * What the unit of an apply may do: edit configuration, tell systemd, signal the masters of nginx and PHP-FPM. Nothing else
 * is left to it (systemd.exec(5)); what stays open, and why, stands in docs/hardening.md.
 */

/** Only what systemd 239 knows, which RHEL 8 has: with a property that it does not know, no unit begins. */
export const confinement = [
  'PrivateMounts=yes',
  'ProtectSystem=yes',
  'ProtectHome=read-only',
  // Not ProtectKernelTunables= and ProtectControlGroups=, which mount a /proc that has another boot id in a container: the
  // lock of an apply would be nobody's to whoever looks from outside.
  'ReadOnlyPaths=/proc/sys /sys',
  'ProtectKernelModules=yes',
  'DevicePolicy=closed',
  'LockPersonality=yes',
  'NoNewPrivileges=yes',
  'RestrictRealtime=yes',
  'RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK',
  'RestrictNamespaces=mnt',
  'SystemCallArchitectures=native',
  'SystemCallFilter=@system-service @mount',
  'SystemCallErrorNumber=EPERM',
  'CapabilityBoundingSet=CAP_SYS_ADMIN CAP_SYS_CHROOT CAP_SYS_PTRACE CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH CAP_CHOWN ' +
    'CAP_FOWNER CAP_FSETID CAP_SETFCAP CAP_SETUID CAP_SETGID CAP_SETPCAP CAP_KILL CAP_NET_BIND_SERVICE',
] as const
