/** For tests of judgements: the shop of the made-up host of `sample-facts.ts`, healthy unless a test says otherwise. */
import type { PhpLocationFacts, SiteFacts } from './host-facts.ts'

export function sampleSite(changes: Partial<SiteFacts> = {}): SiteFacts {
  return {
    serverName: 'shop.example',
    serverNames: ['shop.example'],
    unreachable: null,
    listen: { address: '127.0.0.1', port: 80, tls: false },
    upstreams: ['unix:/run/php/php8.2-fpm.sock'],
    accessLogs: ['/var/log/nginx/access.log'],
    errorLogs: ['/var/log/nginx/error.log'],
    phpLocations: [samplePhpLocation()],
    requests: { ok: true, value: { total: 40, byStatus: new Map([[200, 40]]) } },
    probes: [
      sampleProbe(200),
      {
        site: 'shop.example',
        over: 'fastcgi',
        passed: true,
        says: 'FPM on unix:/run/php/php8.2-fpm.sock answers in 1 ms',
        tookMs: 1,
      },
    ],
    ...changes,
  }
}

/** Visitors get this status, and nothing else is known of it. */
export function sampleAnsweringSite(status: number, changes: Partial<SiteFacts> = {}): SiteFacts {
  return sampleSite({ probes: [sampleProbe(status)], ...changes })
}

/** The same site while nothing listens on its socket. */
export function sampleFailingSite(): SiteFacts {
  return sampleSite({
    probes: [
      sampleProbe(502),
      {
        site: 'shop.example',
        over: 'fastcgi',
        passed: false,
        errno: 'ECONNREFUSED',
        says: 'unix:/run/php/php8.2-fpm.sock: connection refused',
        tookMs: 1,
      },
    ],
  })
}

/** What a visitor of the shop gets. */
export function sampleProbe(status: number): SiteFacts['probes'][number] {
  const says = `GET / → ${status} in 2 ms`
  return { site: 'shop.example', over: 'http', status, passed: status < 500, says, tookMs: 2 }
}

export function samplePhpLocation(changes: Partial<PhpLocationFacts> = {}): PhpLocationFacts {
  return {
    at: '/etc/nginx/sites-enabled/shop:9',
    passes: [{ named: 'unix:/run/php/php8.2-fpm.sock', address: 'unix:/run/php/php8.2-fpm.sock' }],
    connectTimeout: { text: '60s', at: null },
    sendTimeout: { text: '60s', at: null },
    readTimeout: { text: '60s', at: null },
    headerBuffer: { text: '4k', at: null },
    scriptFilename: { text: '$document_root$fastcgi_script_name', at: '/etc/nginx/fastcgi.conf:2' },
    scriptFolder: { path: '/var/www/shop', exists: true },
    documentRoot: { path: '/var/www/shop', hasScripts: true },
    ...changes,
  }
}
