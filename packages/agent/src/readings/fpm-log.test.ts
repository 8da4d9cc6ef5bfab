import { expect, test } from 'vitest'
import { readFpmLog } from './fpm-log.ts'

test('with log_level = debug, where every line says what wrote it, the same things are read', () => {
  const text = [
    '[21-Nov-2026 19:16:41.022020] DEBUG: pid 105, fpm_pctl_on_socket_accept(), line 553: [pool ondemand] got accept without idle child available .... I forked',
    '[21-Nov-2026 19:16:47.178998] NOTICE: pid 105, fpm_got_signal(), line 131: Reloading in progress ...',
    '[21-Nov-2026 19:16:47.217139] NOTICE: pid 105, fpm_event_loop(), line 379: ready to handle connections',
    '[21-Nov-2026 19:16:50.000000] WARNING: pid 105, fpm_pctl_perform_idle_server_maintenance(), line 400: [pool www] server reached pm.max_children setting (5), consider raising it',
  ].join('\n')
  expect(readFpmLog(text)).toMatchObject([
    { event: 'other', level: 'DEBUG' },
    { event: 'reloading', localTime: '2026-11-21T19:16:47' },
    { event: 'ready', text: 'ready to handle connections' },
    { event: 'max-children', pool: 'www', maxChildren: 5 },
  ])
})
