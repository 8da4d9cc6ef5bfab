import { describe, expect, test } from 'vitest'
import { holdsPassword, readDatabaseUrl, shownAddress } from './address.ts'

const nobody = { PGUSER: 'me' }
const plain = { host: 'db.example', port: 5432, user: 'ana', password: '', database: 'fleet' }
const verified = { checks: 'name', root: undefined, certificate: undefined, key: undefined }

describe('a URL', () => {
  test.each([
    { url: 'postgres://ana@db.example/fleet', address: { ...plain, tls: verified } },
    { url: 'postgresql://ana@db.example:6543/fleet', address: { ...plain, port: 6543, tls: verified } },
    { url: 'postgres://ana:a%40b%2Fc@db.example/fleet', address: { ...plain, password: 'a@b/c', tls: verified } },
    { url: 'postgres://db.example/fleet', address: { ...plain, user: 'me', tls: verified } },
    { url: 'postgres://ana@[::1]/fleet', address: { ...plain, host: '::1', tls: null } },
    { url: 'postgres://ana@localhost/fleet', address: { ...plain, host: 'localhost', tls: null } },
    { url: 'postgres:///fleet?user=ana', address: { ...plain, host: '/var/run/postgresql', tls: null } },
    {
      url: 'postgres:///fleet?host=/run/db&port=5433&user=ana',
      address: { ...plain, host: '/run/db', port: 5433, tls: null },
    },
    { url: 'postgres://ana@%2Frun%2Fdb/fleet', address: { ...plain, host: '/run/db', tls: null } },
    { url: 'postgres://ana@db.example/fleet?sslmode=disable', address: { ...plain, tls: null } },
    {
      url: 'postgres://ana@db.example/fleet?sslmode=require',
      address: { ...plain, tls: { ...verified, checks: 'nothing' } },
    },
    {
      url: 'postgres://ana@db.example/fleet?sslmode=require&sslrootcert=/ca.pem',
      address: { ...plain, tls: { ...verified, checks: 'signer', root: '/ca.pem' } },
    },
    {
      url: 'postgres://ana@db.example/fleet?sslrootcert=/ca.pem&sslcert=/me.pem&sslkey=/me.key',
      address: { ...plain, tls: { checks: 'name', root: '/ca.pem', certificate: '/me.pem', key: '/me.key' } },
    },
  ])('$url says where, as whom and how', ({ url, address }) => {
    expect(readDatabaseUrl(url, nobody)).toEqual({ ok: true, address })
  })

  test('without a password takes that of the environment', () => {
    const read = readDatabaseUrl('postgres://ana@db.example/fleet', { PGPASSWORD: 'p' })
    expect(read).toMatchObject({ ok: true, address: { password: 'p' } })
  })

  test.each([
    { url: 'db.example', says: 'not a URL of PostgreSQL' },
    { url: 'mysql://ana:secret@db.example/fleet', says: 'not a URL of PostgreSQL' },
    { url: 'postgres://ana:secret@db.example', says: 'names no database' },
    { url: 'postgres://ana:secret@db.example:0/fleet', says: 'port' },
    { url: 'postgres://ana:secret%ZZ@db.example/fleet', says: 'begins no character' },
    { url: 'postgres://ana:secret@db.example/fleet?sslmode=prefer', says: 'sslmode must be' },
    { url: 'postgres://ana:secret@db.example/fleet?sslcert=/me.pem', says: 'belong together' },
    { url: 'postgres://ana:secret@db.example/fleet?options=-c', says: '"options", which is not known' },
    { url: 'postgres://ana:secret@db example:x/fleet', says: 'not a URL of PostgreSQL' },
  ])('$url is refused without repeating what is secret', ({ url, says }) => {
    const read = readDatabaseUrl(url, nobody)
    expect(read).toMatchObject({ ok: false, says: expect.stringContaining(says) })
    expect(JSON.stringify(read)).not.toContain('secret')
  })
})

test('an address is shown without its password', () => {
  const read = readDatabaseUrl('postgres://ana:secret@db.example/fleet', nobody)
  expect(read.ok && shownAddress(read.address)).toBe('fleet (as ana, at db.example:5432)')
})

test.each([
  { url: 'postgres://ana:p@db.example/fleet', holds: true },
  { url: 'postgres://db.example/fleet?password=p', holds: true },
  { url: 'postgres://ana:p@db example/fleet', holds: true },
  { url: 'postgres://ana@db.example/fleet', holds: false },
  { url: 'postgres:///fleet', holds: false },
])('that $url holds a password is $holds', ({ url, holds }) => {
  expect(holdsPassword(url)).toBe(holds)
})
