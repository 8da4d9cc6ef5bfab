/**
 * Which arguments of nginx's directives are shown. What hands text to applications and visitors is shown only where it
 * is made of variables or is known to be no secret; what no module of nginx's own knows is hidden.
 */
import { isHarmless, isPath, isVariable } from './secret-words.ts'

/** Families of nginx's own modules, by how their names begin: limits, switches, places, addresses. */
const families =
  /^(?:absolute_redirect|accept_mutex|access_log|acme|addition|aio|alias|allow|ancient_browser|auth_(?:basic|request|delay)|autoindex|break|charset|chunked|client_|connection_pool|create_full|daemon|dav_|debug_|default_type|deny|directio|disable_symlinks|empty_gif|env_none|error_(?:log|page)|etag|events|expires|fastcgi_(?!param$)|flv|geo$|geoip_|grpc_(?!set_header$)|gunzip|gzip|hash|http2?$|http2_|http3|if_modified|ignore_invalid|image_filter(?!_)|include|index|internal|ip_hash|keepalive|large_client|least_conn|limit_|lingering|listen|load_module|location|lock_file|log_|mail|map_hash|master_process|max_ranges|memcached_|merge_slashes|min_delete|mirror|modern_browser|mp4|msie_|multi_accept|open_|output_buffers|override_charset|pcre_jit|pid|port_in|postpone|preread|proxy_(?!set_header$|set_body$|cookie)|quic_|random$|read_ahead|real_ip|recursive_error|referer_hash|request_pool|reset_timedout|resolver|return|rewrite|root|satisfy|scgi_(?!param$)|send|server|set_real_ip|slice|split_clients$|ssi|ssl_|state$|status_zone|stream|stub_status|sub_filter_(?:last|once|types)|subrequest|tcp_|thread_pool|timer_res|try_files|types|underscores|uninitialized|upstream|use$|user$|userid_(?:domain|expires|p3p|path|service)|uwsgi_(?!param$)|valid_referers|variables_hash|worker_|working_dir|xml_|xslt_|zone$)/

/** `fastcgi.conf` of nginx, and what frameworks add that everybody may know. */
const publicParams =
  /^(?:SCRIPT_\w+|QUERY_STRING|REQUEST_\w+|CONTENT_\w+|DOCUMENT_\w+|SERVER_\w+|HTTPS|GATEWAY_INTERFACE|REMOTE_\w+|REDIRECT_STATUS|PATH_INFO|PATH_TRANSLATED|HTTP_PROXY|HTTP_HOST|HTTP_X_FORWARDED_\w+|TMPDIR|TZ)$/

const publicHeaders =
  /^(?:host|connection|upgrade|x-real-ip|x-forwarded-[\w-]+|x-request-id|x-scheme|accept-encoding|cache-control|expires|pragma|vary|content-type|content-security-policy[\w-]*|strict-transport-security|x-frame-options|x-content-type-options|x-xss-protection|x-robots-tag|x-cache[\w-]*|x-accel-[\w-]+|referrer-policy|permissions-policy|cross-origin-[\w-]+|access-control-[\w-]+|alt-svc|link|retry-after|allow)$/i

/** Variables in which visitors say who they are. */
const credentialVariable =
  /^\$\{?(?:arg_|cookie_|http_(?!user_agent|upgrade|host|referer|accept|x_forwarded|connection))/

/** The indexes of those arguments that are hidden. `block` is the block it stands in, with its first argument. */
export function secretArgs(name: string, args: readonly string[], block: readonly string[]): readonly number[] {
  const [kind = '', source = ''] = block
  if (kind === 'map') return secretMapEntry(name, args, source)
  if (kind === 'types' || kind === 'geo' || kind === 'split_clients' || kind === 'charset_map') return []
  const all = args.map((_, index) => index)
  const rest = all.slice(1)
  switch (name) {
    case 'fastcgi_param':
    case 'uwsgi_param':
    case 'scgi_param':
      return publicParams.test(args[0] ?? '') || isPublic(args[1])
        ? []
        : rest.filter((at) => at !== 2 || args[2] !== 'if_not_empty')
    case 'proxy_set_header':
    case 'grpc_set_header':
    case 'add_header':
    case 'add_trailer':
      return publicHeaders.test(args[0] ?? '') || isPublic(args[1]) ? [] : rest.filter((at) => args[at] !== 'always')
    case 'set':
    case 'env':
      return name === 'set'
        ? rest.filter((at) => !isPublic(args[at]))
        : all.filter((at) => (args[at] ?? '').includes('='))
    case 'if':
      return credentialVariable.test((args[0] ?? '').replace(/^\(/, ''))
        ? all.slice(2).filter((at) => !/^(?:""|''|0|1)?\)?$/.test(args[at] ?? ''))
        : []
    case 'map':
    case 'http':
      return []
    default: {
      if (families.test(name)) return []
      const unknown = all.filter((at) => !isPublic(args[at]))
      // No module names a directive so: it is a piece of a value that was torn apart.
      return /^[a-z]+(?:_[a-z0-9]+)*$/.test(name) ? unknown : [nameItself, ...unknown]
    }
  }
}

/** What a visitor's key is compared with is hidden, and so is what only those get who have it. */
function secretMapEntry(name: string, args: readonly string[], source: string): readonly number[] {
  const keyed = credentialVariable.test(source)
  const ofMap = ['default', 'hostnames', 'volatile', 'include', ''].includes(name)
  const own = keyed && !ofMap ? [nameItself] : []
  return [...own, ...args.flatMap((arg, at) => (isPublic(arg) || isWord(arg) || name === 'include' ? [] : [at]))]
}

/** In the answer of `secretArgs`: what stands in the place of the name. */
export const nameItself = -1

function isPublic(value = ''): boolean {
  return isVariable(value) || isHarmless('', value) || isPath(value)
}

/** A word, a number or an address, as maps lead to: `upgrade`, `backend_1`, `127.0.0.1:9000`. */
function isWord(value: string): boolean {
  return /^[a-z]{1,16}(?:[_-][a-z]{1,12}){0,3}(?:_?\d{1,2})?$/.test(value) || /^[\d.]+(?::\d+)?$/.test(value)
}
