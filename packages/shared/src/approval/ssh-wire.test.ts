import fc from 'fast-check'
import { expect, test } from 'vitest'
import { mpint } from '../../test/hardware-key.ts'
import { SshEncodingError, sshReader, sshString, strictBase64 } from './ssh-wire.ts'

test('what is written as a string is read as it was, and nothing is left', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array()), (values) => {
      const reader = sshReader(Buffer.concat(values.map(sshString)))
      for (const value of values) expect(reader.string().equals(value)).toBe(true)
      reader.end()
    }),
  )
})

// RFC 4251 section 5 has the first and the second of these.
test.each([
  { hex: '0000000809a378f9b2e332a7', value: '09a378f9b2e332a7' },
  { hex: '000000020080', value: '80' },
  { hex: '0000000101', value: '01' },
])('the number $value', ({ hex, value }) => {
  expect(sshReader(Buffer.from(hex, 'hex')).positiveMpint().toString('hex')).toBe(value)
})

test.each([
  { name: 'zero', hex: '00000000', says: 'not positive' },
  { name: 'zero, spelled out', hex: '0000000100', says: 'needless zeros' },
  { name: 'a negative number', hex: '00000002edcc', says: 'not positive' },
  { name: 'a leading zero that is not needed', hex: '000000020001', says: 'needless zeros' },
  { name: 'two leading zeros', hex: '000000030000ff', says: 'needless zeros' },
  { name: 'a number that is cut off', hex: '0000000301', says: 'ends too early' },
  { name: 'a length that is cut off', hex: '0000', says: 'ends too early' },
  { name: 'a length beyond all bounds', hex: 'ffffffff01', says: 'ends too early' },
])('$name is refused', ({ hex, says }) => {
  const read = () => sshReader(Buffer.from(hex, 'hex')).positiveMpint()
  expect(read).toThrow(SshEncodingError)
  expect(read).toThrow(says)
})

test('a positive number has one encoding', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), (bytes) => {
      fc.pre(bytes.some((byte) => byte !== 0))
      const value = sshReader(mpint(Buffer.from(bytes))).positiveMpint()
      expect(mpint(value)).toEqual(mpint(Buffer.from(bytes)))
      expect(value[0]).not.toBe(0)
    }),
  )
})

test.each(['', 'a b', 'line\n', 'nul\0', 'ümlaut'])('the name %j is refused', (name) => {
  expect(() => sshReader(sshString(name)).name()).toThrow('not printable')
})

test.each([
  { text: 'AQI=', ok: true },
  { text: 'AQI', ok: false },
  { text: 'AQJ=', ok: false },
  { text: 'AQ I=', ok: false },
  { text: 'AQI=\n', ok: false },
  { text: '-_-_', ok: false },
  { text: '', ok: false },
])('base64 $text: $ok', ({ text, ok }) => {
  expect(strictBase64(text) !== null).toBe(ok)
})
