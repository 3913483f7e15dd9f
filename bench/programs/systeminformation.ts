import si from 'systeminformation'
import { z } from 'zod'
import { serveOrders } from './serve-orders.ts'

/** The peer that most desktop meters in JavaScript are built on: one look at all processes an order. */
serveOrders(z.object({}), async () => {
  const { list } = await si.processes()
  return { processes: list.length }
})
