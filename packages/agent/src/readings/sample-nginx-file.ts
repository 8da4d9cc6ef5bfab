/** For tests: what is read where all of nginx's configuration is one file. */
import { readNginxConfig, type NginxConfig, type NginxConfigReading } from './nginx-config.ts'

export const main = '/etc/nginx/nginx.conf'

export function readNginxFile(text: string): NginxConfigReading {
  return readNginxConfig(
    main,
    () => ({ ok: true, text }),
    () => [],
  )
}

/** Of a text that nginx takes. */
export function nginxConfigOf(text: string): NginxConfig {
  const reading = readNginxFile(text)
  if (!reading.ok) throw new Error(reading.says)
  return reading.value
}
