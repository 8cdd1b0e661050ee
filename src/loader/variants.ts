/** All CPU levels at once: the baseline is resolved, and what each better level would load instead is added. @module */
import type { CpuLevel, LoadedObject, LoaderOptions, LoadResult } from './types.ts';

/**
 * @param load answers for one level
 * @param levels that the loader knows; only with `cpu: 'all'`
 * @returns the answer for the options' own level, with `variants` for `all`
 */
export async function variantsOf(
  load: (options: LoaderOptions) => Promise<LoadResult>,
  options: LoaderOptions,
  levels: readonly CpuLevel[],
): Promise<LoadResult> {
  const baseline = await load(options.cpu === 'all' ? { ...options, cpu: 'baseline' } : options);
  if (options.cpu !== 'all') return baseline;
  const known = new Set(baseline.objects.map(({ path }) => path));
  const variants: LoadedObject[] = [];
  for (const cpu of levels) {
    const { objects } = await load({ ...options, cpu });
    for (const object of objects) {
      if (known.has(object.path)) continue;
      known.add(object.path);
      variants.push({ ...object, level: object.level ?? cpu });
    }
  }
  return { ...baseline, variants };
}
