/** The layouts without systemd that faults are injected into: official images with one or two services, and a plain host. */
import { setTimeout as sleep } from 'node:timers/promises'
import { until } from '../../lab/until.ts'
import { asOfficialImage, enclose, type Enclosure } from './enclosure.ts'
import { answers, edit, reloadNginx, site, type AnyHost } from './host-kit.ts'

const imageConfig = '/usr/local/etc/php-fpm.conf'
export const imagePool = '/usr/local/etc/php-fpm.d/zz-docker.conf'

/** What nobody can read from inside. */
export const logElsewhere = /^what php-fpm logged: .*docker logs/

/** `php:8-fpm` as it is; nginx, of the host, reaches it through its port. */
export async function fpmImage(host: AnyHost): Promise<Enclosure> {
  const prepare = (at: (path: string) => string) => asOfficialImage(host, at, { hasNginx: false })
  const image = await enclose(host, prepare, ['/usr/local/sbin/php-fpm', '--fpm-config', imageConfig])
  await edit(host, site, /fastcgi_pass .*;/, 'fastcgi_pass 127.0.0.1:9000;')
  await reloadNginx(host)
  await until(() => answers(host, 200), 'the image to serve')
  return image
}

/** Both in one image, as `CMD php-fpm -D && nginx -g 'daemon off;'` makes it: nginx is PID 1. */
export async function fullImage(host: AnyHost): Promise<Enclosure> {
  await host.must(['systemctl', 'disable', '--now', '--quiet', 'nginx'])
  const command = `/usr/local/sbin/php-fpm -D --fpm-config ${imageConfig} && exec nginx -g 'daemon off;'`
  const image = await enclose(
    host,
    async (at) => {
      await asOfficialImage(host, at, { hasNginx: true })
      await edit(host, at(site), /fastcgi_pass .*;/, 'fastcgi_pass 127.0.0.1:9000;')
    },
    ['sh', '-c', command],
  )
  await until(() => answers(host, 200), 'the image to serve')
  return image
}

/** Debian's layout with what an init script does: both daemonize, with pid files, and no unit and no systemd is there. */
export async function plainHost(host: AnyHost): Promise<Enclosure> {
  await host.must(['systemctl', 'disable', '--now', '--quiet', 'nginx'])
  const units = [`/lib/systemd/system/${host.unit}.service`, '/lib/systemd/system/nginx.service']
  const plain = await enclose(host, async (at) => void (await host.must(['rm', ...units.map(at)])), [
    'sleep',
    'infinity',
  ])
  await plain.must([`/usr/sbin/php-fpm${host.php}`, '--daemonize', '--fpm-config', host.main])
  await plain.must(['nginx'])
  await until(() => answers(host, 200), 'the plain host to serve')
  return plain
}

/** Of FPM on a plain host, as its pid file has it. */
export async function masterPid(host: AnyHost, plain: Enclosure): Promise<string> {
  return (await plain.must(['cat', `/run/php/${host.unit}.pid`])).trim()
}

export async function reloadNginxInside(enclosure: Enclosure): Promise<void> {
  await enclosure.must(['nginx', '-t', '-q'])
  await enclosure.must(['nginx', '-s', 'reload'])
  // The old workers go on answering for a moment.
  await sleep(300)
}
