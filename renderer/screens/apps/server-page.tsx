import { PageHead } from '../../parts/page-head.tsx'
import { Empty, Skeleton, View } from '../../parts/view.tsx'
import type { PageProps } from './page-props.ts'
import { ServerCard } from './servers/server-card.tsx'

/** A server that belongs to no app of this machine. */
export function ServerPage(props: PageProps & { origin: string }) {
  const { origin, servers } = props
  const server = servers.value?.servers.find(({ id }) => id === origin) ?? null
  return (
    <>
      <PageHead key={origin} back="apps" backTitle="Apps" title={server?.name ?? origin} />
      <View of={servers} skeleton={<Skeleton heightPx={160} label="Waiting for the servers" />}>
        {() =>
          server === null ? (
            <Empty title="No such server">
              <p>It was removed, or no longer answers. Servers that are found or added stand on Apps.</p>
            </Empty>
          ) : (
            <section aria-labelledby="server-title">
              <h2 id="server-title" className="sr-only">
                Its state
              </h2>
              <ul className="cards">
                <ServerCard server={server} onChanged={servers.again} />
              </ul>
            </section>
          )
        }
      </View>
    </>
  )
}
