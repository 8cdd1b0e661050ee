/** What travels with an image that pare packed. @module */
export { evidenceSchema } from '../../model/evidence-schema.ts';
