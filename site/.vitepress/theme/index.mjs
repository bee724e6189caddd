// VitePress's own theme with its own typeface: nothing is asked for from elsewhere.
import DefaultTheme from 'vitepress/theme';
import './style.css';

export default DefaultTheme;
