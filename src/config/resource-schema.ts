import * as z from 'zod'
import { line, scope } from './fields.ts'
import { isTrustedUrl } from './trusted-url.ts'

/** RFC 9728 §1.2: an https URL without a fragment. Without a query as well: no metadata path could carry it to us. */
const isResource = (text: string): boolean =>
  isTrustedUrl(text) && !/[?#]/.test(text) && [text, `${text}/`].includes(new URL(text).href)

/** What clients are told about a protected resource (RFC 9728 §2). */
export const resourceSchema = z.strictObject({
  resource: z
    .string()
    .refine(
      isResource,
      'write an https URL in its normal form, such as https://api.example.com/mcp, without query and fragment',
    )
    .describe('Names the resource to clients; what they ask tokens for (RFC 8707).'),
  name: line.optional().describe('For people. Without it the realm of its first route.'),
  scopes: z.array(scope).optional().describe('Those to ask for. Without it all that its routes need.'),
  documentation: z.string().refine(isTrustedUrl, 'write an https URL').optional().describe('A page for developers.'),
})
