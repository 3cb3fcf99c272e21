import { Hono } from 'hono';
import type { MergeSchemaPath, Schema } from 'hono/types';
import type { Caller } from '../users/caller.ts';
import type { Permission } from '../users/permissions.ts';

/** The caller comes from the transport, as `env`; nothing in a request can name it. */
export interface ApiEnv {
  Bindings: {
    caller: Caller;
    /** Does a piece of work when it is the caller's turn, where they share this process's time with others. */
    turn?: <T>(work: () => T) => Promise<T>;
  };
}

/** A router of the API: one per resource. */
export function router(): Hono<ApiEnv> {
  return new Hono<ApiEnv>();
}

/** The permission of each route of a resource, by method and by the path below the resource's own. */
type Permissions = Readonly<Record<`${'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'} /${string}`, Permission>>;

/** A resource of the API, as agent/systems.ts registers it: its path, its permissions, and its routes over what answers them. */
export function resource<const Path extends string, Options, Routes>(
  path: Path,
  permissions: Permissions,
  routes: (options: Options) => Routes,
): { path: Path; permissions: Permissions; routes: (options: Options) => Routes } {
  return { path, permissions, routes };
}

/** A resource whose routes can be made of these services. */
interface ResourceOver<Services> {
  path: string;
  permissions: Permissions;
  routes: (services: Services) => Hono<ApiEnv, Schema>;
}

/** The types of a resource's routes, below its path. */
type RoutesOf<Resource> = Resource extends { path: infer Path extends string; routes: (services: never) => Hono<ApiEnv, infer Own> }
  ? MergeSchemaPath<Own, Path>
  : never;

/** Adds the routes of all resources. @returns the same router, which has the types of all these routes for `hc`. */
export function withResources<Services, const Resources extends readonly ResourceOver<Services>[]>(
  api: Hono<ApiEnv>,
  resources: Resources,
  services: Services,
): Hono<ApiEnv, RoutesOf<Resources[number]>>;
// A loop can't tell its types to the compiler: the signature above does.
export function withResources<Services>(api: Hono<ApiEnv>, resources: readonly ResourceOver<Services>[], services: Services): Hono<ApiEnv> {
  for (const { path, routes } of resources) api.route(path, routes(services));
  return api;
}

/** The permissions of all resources by route, as the router spells it: `GET /api/runs/:id`. */
export function routeTable(resources: readonly Pick<ResourceOver<never>, 'path' | 'permissions'>[]): ReadonlyMap<string, Permission> {
  return new Map(
    resources.flatMap(({ path, permissions }) =>
      Object.entries(permissions).map(([key, permission]): [string, Permission] => {
        const [method = '', below = ''] = key.split(' ');
        return [`${method} ${path}${below === '/' ? '' : below}`, permission];
      }),
    ),
  );
}
