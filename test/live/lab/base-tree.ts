/** A Debian tree that test hosts stand on: built once with debootstrap, kept between runs, never written to again. */
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { must } from './must.ts'

const cache = process.env['FLEETMEND_CACHE'] ?? '/var/cache/fleetmend'
const mirror = 'http://deb.debian.org/debian'
const packages = [
  'systemd', 'systemd-sysv', 'dbus', 'iproute2', 'procps', 'util-linux', 'nginx-light', 'php8.2-fpm',
  'libatomic1', 'libstdc++6', 'acl', 'attr', 'curl', 'ca-certificates',
]
const www = fileURLToPath(new URL('www/', import.meta.url))

const site = `server {
    listen 80 default_server;
    server_name shop.example;
    root /var/www/html;
    index index.php;
    access_log /var/log/nginx/access.log;
    error_log /var/log/nginx/error.log;
    location / { try_files $uri $uri/ =404; }
    location ~ \\.php$ {
        include snippets/fastcgi-php.conf;
        fastcgi_pass unix:/run/php/php8.2-fpm.sock;
    }
}
`

/** The recipe's digest is in the name, so that a change of it makes a new tree. */
export function debian12Tree(): string {
  const recipe = JSON.stringify([packages, site, 1])
  const tree = join(cache, 'trees', `debian12-${createHash('sha256').update(recipe).digest('hex').slice(0, 12)}`)
  if (existsSync(tree)) return tree
  const building = `${tree}.${process.pid}`
  process.stderr.write('building the Debian 12 tree for test hosts (once, one to two minutes)\n')
  mkdirSync(building, { recursive: true })
  try {
    must('debootstrap', ['--variant=minbase', `--include=${packages.join(',')}`, 'bookworm', building, mirror], { limitMs: 600_000 })
    settle(building)
    renameSync(building, tree)
    return tree
  } catch (error) {
    rmSync(building, { recursive: true, force: true })
    throw error
  }
}

/** What makes a tree a web host, and what would only disturb a test is off. */
function settle(tree: string): void {
  writeFileSync(join(tree, 'etc/nginx/sites-available/default'), site)
  rmSync(join(tree, 'var/www/html'), { recursive: true, force: true })
  cpSync(www, join(tree, 'var/www/html'), { recursive: true })
  rmSync(join(tree, 'var/cache/apt/archives'), { recursive: true, force: true })
  rmSync(join(tree, 'etc/machine-id'), { force: true })
  for (const unit of ['apt-daily.timer', 'apt-daily-upgrade.timer', 'e2scrub_all.timer', 'fstrim.timer', 'systemd-resolved.service']) {
    must('systemctl', [`--root=${tree}`, 'mask', unit], { limitMs: 10_000 })
  }
}
