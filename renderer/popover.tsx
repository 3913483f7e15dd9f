import 'uplot/dist/uPlot.min.css'
import './style/tokens.css'
import './style/base.css'
import './style/parts.css'
import './style/popover.css'
import { createRoot } from 'react-dom/client'
import { Popover } from './popover/popover.tsx'
import { startTheme } from './theme.ts'

startTheme()
const root = document.getElementById('root')
if (root !== null) createRoot(root).render(<Popover />)
