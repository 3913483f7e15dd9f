import '../../engine/meter/child.ts'
