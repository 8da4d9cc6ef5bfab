/** The keywords of ssh_config(5) as of OpenSSH 10: those that only the system's `ssh` can honour, and all others. */

/**
 * Which of them a configuration has that ssh2 has no way to do, or that would be done less strictly there, in the spelling
 * of the manual. What is left out changes nothing about who is reached and what is trusted.
 */
export function beyondSsh2(valueOf: (keyword: string) => string | undefined): readonly string[] {
  const isOn = (keyword: string) =>
    !['no', 'false', 'none', 'internal', undefined].includes(valueOf(keyword)?.toLowerCase())
  const hasKeys = valueOf('pubkeyauthentication')?.toLowerCase() !== 'no'
  const methods = valueOf('preferredauthentications')?.toLowerCase().split(',')
  // Debian's own file says GSSAPIAuthentication yes for all hosts; with a key it is not needed.
  const withoutKeys = !hasKeys || (methods !== undefined && !methods.includes('publickey'))
  return [
    ...switchedOn.filter((name) => isOn(name.toLowerCase())),
    ...(['inet', 'inet6'].includes(valueOf('addressfamily')?.toLowerCase() ?? '') ? ['AddressFamily'] : []),
    ...(withoutKeys ? [hasKeys ? 'PreferredAuthentications' : 'PubkeyAuthentication'] : []),
    ...(withoutKeys
      ? ['GSSAPIAuthentication', 'HostbasedAuthentication'].filter((name) => isOn(name.toLowerCase()))
      : []),
  ]
}

const switchedOn = [
  ...['ProxyCommand', 'CertificateFile', 'PKCS11Provider', 'SecurityKeyProvider', 'KnownHostsCommand'],
  ...['CanonicalizeHostname', 'CanonicalizePermittedCNAMEs', 'VerifyHostKeyDNS', 'RevokedHostKeys'],
  ...['BindAddress', 'BindInterface', 'RefuseConnection', 'RequiredRSASize'],
  ...['Ciphers', 'MACs', 'KexAlgorithms', 'HostKeyAlgorithms', 'PubkeyAcceptedAlgorithms'],
]

const others = `addkeystoagent afstokenpassing batchmode canonicaldomains canonicalizefallbacklocal canonicalizemaxdots
  casignaturealgorithms channeltimeout checkhostip cipher clearallforwardings compression compressionlevel
  connectionattempts connecttimeout controlmaster controlpath controlpersist dynamicforward enableescapecommandline
  enablesshkeysign escapechar exitonforwardfailure fallbacktorsh fingerprinthash forkafterauthentication forwardagent
  forwardx11 forwardx11timeout forwardx11trusted gatewayports globalknownhostsfile globalknownhostsfile2
  hashknownhosts hostbasedacceptedalgorithms hostbasedkeytypes hostkeyalias hostname identitiesonly identityagent
  ignoreunknown ipqos kbdinteractiveauthentication kbdinteractivedevices keepalive kerberosauthentication
  kerberostgtpassing localcommand localforward loglevel logverbose nohostauthenticationforlocalhost
  numberofpasswordprompts obscurekeystroketiming passwordauthentication permitlocalcommand permitremoteopen port
  protocol proxyusefdpass rekeylimit remotecommand remoteforward requesttty rhostsauthentication rhostsrsaauthentication
  rsaauthentication sendenv serveralivecountmax serveraliveinterval sessiontype setenv stdinnull streamlocalbindmask
  streamlocalbindunlink stricthostkeychecking syslogfacility tag tcpkeepalive tunnel tunneldevice updatehostkeys
  useprivilegedport user userknownhostsfile userknownhostsfile2 useroaming usersh versionaddendum visualhostkey
  warnweakcrypto xauthlocation addressfamily preferredauthentications identityfile proxyjump host match include
  pubkeyauthentication hostbasedauthentication usekeychain`.split(/\s+/)

/** One word for each thing: older spellings stand for today's. */
const spellings: Readonly<Record<string, string>> = {
  identityfile2: 'identityfile',
  smartcarddevice: 'pkcs11provider',
  dsaauthentication: 'pubkeyauthentication',
  pubkeyacceptedkeytypes: 'pubkeyacceptedalgorithms',
  challengeresponseauthentication: 'kbdinteractiveauthentication',
  skeyauthentication: 'kbdinteractiveauthentication',
  tisauthentication: 'kbdinteractiveauthentication',
}

const known = new Set([...switchedOn.map((name) => name.toLowerCase()), ...others])

/** The keyword in today's spelling; null: there is no such one. */
export function keywordOf(word: string): string | null {
  const keyword = Object.hasOwn(spellings, word) ? (spellings[word] ?? word) : word
  // Debian's and Red Hat's have more of these than OpenSSH itself (GSSAPIKeyExchange …).
  return known.has(keyword) || keyword.startsWith('gssapi') ? keyword : null
}
