import 'uplot/dist/uPlot.min.css'
import './style/tokens.css'
import './style/base.css'
import './style/parts.css'
import './style/screens.css'
import './style/work.css'
import { createRoot } from 'react-dom/client'
import { App } from './app.tsx'
import { startTheme } from './theme.ts'

startTheme()
const root = document.getElementById('root')
if (root !== null) createRoot(root).render(<App />)
